#include "gpu_names.h"

#include <gmock/gmock.h>

#include "../../base/error.h"

namespace manta::detail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(GpuNames, CountFromZeroWhereNothingIsListed) {
  EXPECT_THAT(gpu_names(0, std::nullopt), IsEmpty());
  EXPECT_THAT(gpu_names(3, std::nullopt), ElementsAre("0", "1", "2"));
}

TEST(GpuNames, AreTheFirstThatAreListed) {
  EXPECT_THAT(gpu_names(2, "4, 7,1"), ElementsAre("4", "7"));
  EXPECT_THAT(gpu_names(1, "GPU-1a2b,GPU-3c"), ElementsAre("GPU-1a2b"));
  EXPECT_THAT(gpu_names(0, ""), IsEmpty());
}

TEST(GpuNames, RefusesMoreThanAreListed) {
  for (const char* visible : {"4", "4,-1,5", "4,,5"}) {
    try {
      gpu_names(2, visible);
      FAIL() << visible;
    } catch (const InvalidArgument& error) {
      EXPECT_THAT(error.what(), HasSubstr("lists 1"));
      EXPECT_THAT(error.what(), HasSubstr(std::string("CUDA_VISIBLE_DEVICES=") + visible));
    }
  }
  EXPECT_THROW(gpu_names(1, ""), InvalidArgument);
}

TEST(GpuNames, RefusesWhatIsNoNumberOfGpus) {
  for (const double count : {-1.0, 0.5, 2000.0, 1.0 / 0.0}) {
    EXPECT_THROW(gpu_names(count, std::nullopt), InvalidArgument) << count;
  }
}

TEST(GpuNames, AnIdIsTheNumberOrThePlaceOfAName) {
  const std::vector<std::string> names = {"4", "GPU-1a2b", "7"};
  EXPECT_THAT(gpu_ids(names, {0, 1, 2}), ElementsAre(4, 1, 7));
  EXPECT_EQ(visible_gpus(names, {1, 2}), "GPU-1a2b,7");
  EXPECT_EQ(visible_gpus(names, {}), "");
}

}  // namespace
}  // namespace manta::detail
