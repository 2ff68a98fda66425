// AppendSgr: the shortest SGR from one rendition to another.
// Sources: ECMA-48 §8.3.117, xterm ctlseqs (4:n, 21), docs/spec/terminal.md §7 and §14 rules 6, 7.
#ifndef TERM_SGR_WRITER_H_
#define TERM_SGR_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "term/rendition.h"

namespace mosh::term {

enum class SgrStyle : uint8_t {
  // One sequence for what stock mosh knows, and one of its own for each further attribute, which
  // stock skips. Underlines other than single and double become single.
  kStock,
  // One sequence for all; 4:3 to 4:5 in one of their own, after a plain 4 for readers without them.
  kModern,
};

// Appends what changes a pen of rendition `from` into `to`: either by the difference or from a
// reset, whichever is shorter. Nothing if they are equal. Pure.
void AppendSgr(const Rendition& from, const Rendition& to, SgrStyle style, std::string* out);

// Bytes that AppendSgr would append.
size_t SgrLength(const Rendition& from, const Rendition& to, SgrStyle style);

}  // namespace mosh::term

#endif  // TERM_SGR_WRITER_H_
