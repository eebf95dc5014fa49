// SPDX-License-Identifier: MIT
// The words of the script language, in the order of the enumerations they stand for; each list ends with NULL.
#ifndef PAGEWALK_SCRIPT_NAMES_H
#define PAGEWALK_SCRIPT_NAMES_H

extern const char* const script_kind_names[];      // access_kind
extern const char* const script_flag_names[];      // ref_flag: bit numbers
extern const char* const script_register_names[];  // control_op
extern const char* const script_outcome_names[];   // script_outcome
extern const char* const script_path_names[];      // answer_path
extern const char* const script_show_names[];      // script_show

#endif
