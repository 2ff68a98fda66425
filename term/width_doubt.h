// WidthIsDoubtful: whether terminals and C libraries disagree about the columns a character takes.
//
// Unicode versions have widened symbols and emoji, added characters that older tables do not know,
// and left conjoining and format characters to taste. After such a character the writer must not
// rely on the reader's cursor (docs/spec/terminal.md §14 rule 4).
#ifndef TERM_WIDTH_DOUBT_H_
#define TERM_WIDTH_DOUBT_H_

#include "absl/strings/string_view.h"

namespace mosh::term {

// True if in doubt. Letters, digits, box drawing, CJK ideographs, kana and Hangul syllables are
// certain.
bool WidthIsDoubtful(char32_t code_point);
// The same for a base character with combining characters, in UTF-8. Certain only with the common
// diacritics U+0300-U+036F.
bool ClusterWidthIsDoubtful(absl::string_view utf8);

}  // namespace mosh::term

#endif  // TERM_WIDTH_DOUBT_H_
