// <manta/base/error.h> inside Manta's own tree.
#pragma once
#include "../../../../base/error.h"
