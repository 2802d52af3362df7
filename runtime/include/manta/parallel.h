// <manta/parallel.h> inside Manta's own tree.
#pragma once
#include "../../../runtime/api/parallel.h"
