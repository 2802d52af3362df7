// <manta/serialization/register.h> inside Manta's own tree.
#pragma once
#include "../../../../serialization/register.h"
