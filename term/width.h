// Columns taken by a code point, as a stock peer's C library would say (docs/spec/terminal.md §6).
//
// The table is generated from Unicode 15.0 (term/unicode/) and agrees with glibc 2.36's wcwidth()
// on every code point assigned in its Unicode 14. Code points that no Unicode version has assigned
// yet count 1 (2 where Unicode reserves the block for wide ideographs or emoji), so that characters
// newer than the table show up at all.
#ifndef TERM_WIDTH_H_
#define TERM_WIDTH_H_

namespace mosh::term {

// "15.0.0"
extern const char kUnicodeVersion[];

// 2, 1, 0 (combining, joiners, conjoining vowels) or -1: not printable (controls, line separators,
// surrogates, noncharacters). Pure.
int CodePointWidth(char32_t code_point);

}  // namespace mosh::term

#endif  // TERM_WIDTH_H_
