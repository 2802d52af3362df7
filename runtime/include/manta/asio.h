// <manta/asio.h> inside Manta's own tree.
#pragma once
#include "../../../runtime/api/async_get.h"
