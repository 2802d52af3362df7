// What generators tell the tests about themselves.
#pragma once
#include <manta/manta.h>

namespace manta::testing {

class Board {
 public:
  void make() { ++made_; }
  int made() const { return made_; }
  void end() { ++ended_; }
  int ended() const { return ended_; }

 private:
  int made_ = 0;
  int ended_ = 0;
};

// In a generator's body: says when its variables are destroyed.
struct Ends {
  ActorHandle<Board> board;
  explicit Ends(ActorHandle<Board> to) : board(std::move(to)) {}
  Ends(const Ends&) = delete;
  ~Ends() { board.post(&Board::end); }
};

// Says of each item that it is made, before it is.
inline Generator<int> counted(ActorHandle<Board> board, int n) {
  const Ends ends(board);
  for (int i = 0; i < n; ++i) {
    get(board.call(&Board::make));
    co_yield i;
  }
}

inline Generator<int> for_ever(ActorHandle<Board> board) {
  const Ends ends(board);
  for (int i = 0;; ++i) {
    co_yield i;
  }
}

}  // namespace manta::testing
