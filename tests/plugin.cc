// A library that programs load while they run.
extern "C" double plugin_tripled(double x) { return 3 * x; }
