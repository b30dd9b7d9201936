#include "CTenonKernels.h"
