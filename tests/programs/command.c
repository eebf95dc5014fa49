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

static void become(const char* folder, const char* const* words, unsigned seconds, int output, int errors) {
  if (folder && chdir(folder) != 0) _exit(127);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  alarm(seconds);
  execv(words[0], (char* const*)words);
  _exit(127);
}

void command_run_streams(const char* folder, const char* const* words, unsigned seconds, enum command_streams streams,
                         struct outcome* outcome) {
  FILE *output = temporary(), *errors = temporary();
  int status;
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) become(folder, words, seconds, fileno(output), fileno(streams == COMMAND_TOGETHER ? output : errors));
  assert_int_equal(waitpid(pid, &status, 0), pid);
  outcome->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  read_back(output, outcome->output);
  read_back(errors, outcome->errors);
}

void command_run(const char* folder, const char* const* words, unsigned seconds, struct outcome* outcome) {
  command_run_streams(folder, words, seconds, COMMAND_APART, outcome);
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
