// <manta/objectstore/dlpack.h> inside Manta's own tree.
#pragma once
#include "../../../../objectstore/interchange/dlpack.h"
