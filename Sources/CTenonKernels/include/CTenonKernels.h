#pragma once
#include "capture.h"
