// <manta/objectstore/array_codec.h> inside Manta's own tree.
#pragma once
#include "../../../../objectstore/array_codec.h"
