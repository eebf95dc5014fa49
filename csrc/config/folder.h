// SPDX-License-Identifier: MIT
// The machines that come with Pagewalk: the files of configs/.
#ifndef PAGEWALK_CONFIG_FOLDER_H
#define PAGEWALK_CONFIG_FOLDER_H

#include <stddef.h>

enum { CONFIG_PATH_MAX = 4096 };

// Names of configs/*.yaml without folder and ending, sorted, ending with NULL. Free with config_names_free.
char** config_names(void);
void config_names_free(char** names);

// The file behind what a user wrote: a path as it is; the bare name of a file in configs/ becomes that file's path.
void config_path(const char* name, char path[CONFIG_PATH_MAX]);

#endif
