// Another file of the program, which knows Manta by a header that declares nothing it calls.
#include <vector>

#include <manta/base/error.h>

std::vector<int> list_of_another_file();

std::vector<int> list_of_another_file() { return {1, 2, 3}; }
