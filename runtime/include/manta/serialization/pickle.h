// <manta/serialization/pickle.h> inside Manta's own tree.
#pragma once
#include "../../../../serialization/foreign/pickle.h"
