// SPDX-License-Identifier: MIT
// The version that `pagewalk --version` prints and that reports carry.
#ifndef PAGEWALK_BASE_VERSION_H
#define PAGEWALK_BASE_VERSION_H

#define PAGEWALK_VERSION "0.1.0"

#endif
