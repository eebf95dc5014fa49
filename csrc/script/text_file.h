// SPDX-License-Identifier: MIT
// A small text file as a whole.
#ifndef PAGEWALK_SCRIPT_TEXT_FILE_H
#define PAGEWALK_SCRIPT_TEXT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

// Reads the file; *text is freed by the caller and has a 0 after its *length bytes. `what` says in messages what the
// file should be ("an MMU script").
bool text_file_read(const char* path, const char* what, char** text, size_t* length, struct error* err);

#endif
