// A sweep over parameters: manta::map() runs a function for each of them; some fail, which leaves the
// others alone, and get_each() gives a value or an error for each.
//
//   rates  0.1 0.2 ... 2.5  --map(descend)-->  [ ref ref ... ref ]  --get_each-->  steps, or why not
//
//   $ ./sweep
//
// Expected output:
//   25 rates: 19 converge, 6 do not
//   the best is 1, in 1 step
//   rate 2: it does not come nearer
//   rate 2.1: it diverges after ... steps
//   ...
//   rate 2.5: it diverges after ... steps
#include <algorithm>
#include <cmath>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <manta/manta.h>
#include <manta/parallel.h>

// How many steps gradient descent takes from 1 to the minimum of x * x / 2 at that rate.
int descend(double rate) {
  double x = 1;
  for (int step = 1; step <= 1000; ++step) {
    x -= rate * x;
    if (std::abs(x) < 1e-9) return step;
    if (std::abs(x) > 1e9) {
      throw std::range_error("it diverges after " + std::to_string(step) + " steps");
    }
  }
  throw std::runtime_error("it does not come nearer");
}

std::string reason(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const manta::TaskError& thrown) {
    return thrown.message();
  }
}

int main() {
  auto session = manta::init();

  std::vector<double> rates;
  for (int i = 1; i <= 25; ++i) rates.push_back(i / 10.0);
  const std::vector<manta::ObjectRef<int>> refs = manta::map(descend, rates);
  const std::vector<manta::Outcome<int>> outcomes = manta::get_each(refs);  // waits for all

  const auto converged = std::ranges::count_if(outcomes, &manta::Outcome<int>::has_value);
  std::cout << rates.size() << " rates: " << converged << " converge, "
            << std::ssize(outcomes) - converged << " do not\n";

  std::size_t best = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i] && outcomes[i].value() < outcomes[best].value()) best = i;
  }
  std::cout << "the best is " << rates[best] << ", in " << outcomes[best].value() << " step\n";

  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i]) continue;
    std::cout << "rate " << rates[i] << ": " << reason(outcomes[i].error()) << "\n";
  }
}
