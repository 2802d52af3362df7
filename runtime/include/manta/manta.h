// <manta/manta.h>: beside the layers where Manta is installed, in runtime/include in its own tree.
#pragma once
#if __has_include("runtime/manta.h")
#include "runtime/manta.h"
#else
#include "../../manta.h"
#endif
