// The same for test programs that start processes, which all include manta.h.
#pragma once
#include <manta/manta.h>

#include "test_pch.h"
