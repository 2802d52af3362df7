// <manta/objectstore/npz.h> inside Manta's own tree.
#pragma once
#include "../../../../objectstore/interchange/npz.h"
