// <manta/objectstore/npy.h> inside Manta's own tree.
#pragma once
#include "../../../../objectstore/interchange/npy.h"
