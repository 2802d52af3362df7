// From a Sample, which is the time of one round, to the figure of a loop. A round may consist of several `operations`:
// the CPU time is that of one of them.
#pragma once
#include "loop.h"
#include "stopwatch.h"

namespace manta::bench {

inline Measured per_second(const Sample& round, double operations = 1) {
  return {operations / round.seconds, round.cpu_seconds / operations * 1e6};
}
inline Measured in_unit(const Sample& round, double units_per_second, double operations = 1) {
  return {round.seconds * units_per_second, round.cpu_seconds / operations * 1e6};
}
inline Measured seconds(const Sample& round, double operations = 1) {
  return in_unit(round, 1, operations);
}
inline Measured milliseconds(const Sample& round, double operations = 1) {
  return in_unit(round, 1e3, operations);
}
inline Measured microseconds(const Sample& round, double operations = 1) {
  return in_unit(round, 1e6, operations);
}

}  // namespace manta::bench
