// <manta/serialization/bytes.h> inside Manta's own tree.
#pragma once
#include "../../../../serialization/bytes.h"
