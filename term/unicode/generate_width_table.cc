// Writes width_table.inc: bazel run //term/unicode:generate_width_table >
// term/unicode/width_table.inc
#include <cstdio>

#include "term/unicode/width_rules.h"

int main(int argc, char** argv) {
  const char* const directory = argc > 1 ? argv[1] : mosh::term::unicode::kDefaultDirectory;
  mosh::term::unicode::WidthData data;
  if (!mosh::term::unicode::ReadWidthData(directory, &data)) {
    std::fprintf(stderr, "cannot read the Unicode data in %s; install the package unicode-data\n",
                 directory);
    return 1;
  }
  std::fputs(mosh::term::unicode::FormatWidthTable(data).c_str(), stdout);
  return 0;
}
