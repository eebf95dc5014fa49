// SPDX-License-Identifier: MIT
// Commands of the tests of programs.
#include "programs/command.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static FILE* temporary(void) {
  FILE* file = tmpfile();
  assert_non_null(file);
  return file;
}

static void read_back(FILE* file, char text[COMMAND_OUTPUT_MAX]) {
  rewind(file);
  size_t length = fread(text, 1, COMMAND_OUTPUT_MAX, file);
  assert_true(length < COMMAND_OUTPUT_MAX);
  text[length] = '\0';
  fclose(file);
}

static void become(const struct command* command, int output, int errors) {
  if (command->folder && chdir(command->folder) != 0) _exit(127);
  dup2(output, STDOUT_FILENO);
  dup2(command->together ? output : errors, STDERR_FILENO);
  alarm(command->seconds);
  execv(command->path, (char* const*)command->words);
  _exit(127);
}

void command_run(const struct command* command, struct outcome* outcome) {
  FILE *output = temporary(), *errors = temporary();
  int status;
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) become(command, fileno(output), fileno(errors));
  assert_int_equal(waitpid(pid, &status, 0), pid);
  outcome->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  read_back(output, outcome->output);
  read_back(errors, outcome->errors);
}

int command_words(const char* line, char* room, size_t bytes, const char* words[COMMAND_WORDS_MAX]) {
  int count = 0;
  char* rest;
  assert_true(strlen(line) < bytes);
  strcpy(room, line);
  for (char* word = strtok_r(room, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
    assert_true(count + 1 < COMMAND_WORDS_MAX);
    words[count++] = word;
  }
  words[count] = NULL;
  return count;
}
