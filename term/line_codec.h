// The cells of one line as a few bytes that need no Interner: UTF-8, a space for a blank, and in
// front of what is special a byte below 0x20:
//
//   0x01 <n> <n octets>   one cell with this text (a base and combining characters)
//   0x02                  the next cell is wide
//   0x03 <8 octets>       from here on this rendition (Rendition::bits, little end first)
//
// A blank may also be 0x00. A line begins in the default rendition; blanks of it at the end may be
// left out. A wide character's tail and the protected mark are not kept. Pure.
#ifndef TERM_LINE_CODEC_H_
#define TERM_LINE_CODEC_H_

#include <cstddef>
#include <span>
#include <string>

#include "absl/strings/string_view.h"
#include "term/cell.h"
#include "term/interner.h"
#include "term/screen.h"

namespace mosh::term {

// How many of the cells are to be kept: all but blanks of the default rendition at the end.
size_t UsedCells(std::span<const Cell> cells);

// If all are single ASCII characters or blanks of the default rendition, puts what EncodeLine would
// make to `out`, which has room for as many octets as there are cells, and returns its size. Else
// returns -1, and `out` holds garbage. Fast, for this is the line of a flood.
int EncodePlainLine(std::span<const Cell> cells, char* out);
// Appends the encoded line.
void EncodeLine(std::span<const Cell> cells, const Interner& interner, std::string* out);

// Its text alone, without blanks at the end.
std::string DecodeText(absl::string_view line);
// Draws it into a row of a screen, cut off or filled with blanks at the right.
void DecodeLine(absl::string_view line, bool wrapped, int row, Screen* screen);

}  // namespace mosh::term

#endif  // TERM_LINE_CODEC_H_
