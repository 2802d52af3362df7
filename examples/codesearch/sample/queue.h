// A queue that threads share.
#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>

template <class T>
class Queue {
 public:
  void push(T value) {
    std::lock_guard<std::mutex> lock(mutex_);
    values_.push_back(std::move(value));
    filled_.notify_one();
  }
  T pop() {
    std::unique_lock<std::mutex> lock(mutex_);
    filled_.wait(lock, [this] { return !values_.empty(); });
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<T> values_;
};
