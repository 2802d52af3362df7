// <manta/objectstore/npz.h> inside Manta's own tree.
#pragma once
#include "../../../../objectstore/npz.h"
