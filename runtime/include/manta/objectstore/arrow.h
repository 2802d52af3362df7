// <manta/objectstore/arrow.h> inside Manta's own tree.
#pragma once
#include "../../../../objectstore/interchange/arrow.h"
