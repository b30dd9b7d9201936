#pragma once
#include "capture.h"
#include "file_mapping.h"
#include "memory_file.h"
#include "processors.h"
#include "portable.h"
#include "program.h"
#include "team.h"
