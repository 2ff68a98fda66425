#include "term/line_codec.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "term/rendition.h"
#include "term/utf8.h"

namespace mosh::term {
namespace {

static_assert(std::endian::native == std::endian::little, "renditions are copied as they are");

constexpr char kCluster = '\x01';
constexpr char kWide = '\x02';
constexpr char kRendition = '\x03';

// Blank, or a space, of the default rendition.
bool Invisible(uint64_t bits) { return (bits & ~uint64_t{' '}) == 0; }

// One cell of an encoded line.
struct Piece {
  absl::string_view text;
  bool wide = false;
  Rendition rendition;
};

// Takes the next cell off the front of `line`. Lines are our own making.
void TakePiece(absl::string_view* line, Piece* piece) {
  const auto take = [line](size_t size) {
    CHECK(size <= line->size());
    const absl::string_view taken = line->substr(0, size);
    line->remove_prefix(size);
    return taken;
  };
  piece->wide = false;
  while (line->front() == kRendition) {
    take(1);
    uint64_t bits;
    std::memcpy(&bits, take(sizeof(bits)).data(), sizeof(bits));
    piece->rendition = Rendition::FromBits(bits);
  }
  if (line->front() == kWide) {
    take(1);
    piece->wide = true;
  }
  if (line->front() == kCluster) {
    take(1);
    const auto size = static_cast<uint8_t>(take(1).front());
    piece->text = take(size);
  } else {
    piece->text = take(DecodeUtf8Prefix(*line).length);
    if (piece->text.front() == '\0') piece->text = " ";
  }
}

}  // namespace

size_t UsedCells(std::span<const Cell> cells) {
  size_t used = cells.size();
  while (used > 0 && Invisible(cells[used - 1].bits())) --used;
  return used;
}

int EncodePlainLine(std::span<const Cell> cells, char* out) {
  // One octet of each cell, eight at a time, whether they are plain or not.
  using Eight = uint64_t __attribute__((vector_size(64)));
  using Octets = uint8_t __attribute__((vector_size(8)));
  Eight any_of_eight = {};
  size_t i = 0;
  for (; i + 8 <= cells.size(); i += 8) {
    Eight eight;
    std::memcpy(&eight, cells.data() + i, sizeof(eight));
    any_of_eight |= eight;
    const Octets octets = __builtin_convertvector(eight, Octets);
    std::memcpy(out + i, &octets, sizeof(octets));
  }
  uint64_t any = 0;
  for (int lane = 0; lane < 8; ++lane) any |= any_of_eight[lane];
  for (; i < cells.size(); ++i) {
    any |= cells[i].bits();
    out[i] = static_cast<char>(cells[i].bits());
  }
  if (any >= 0x80) return -1;
  size_t used = cells.size();
  constexpr uint64_t kNotBlank = 0xDFDFDFDFDFDFDFDF;  // all bits but that of a space
  for (uint64_t last; used >= 8; used -= 8) {
    std::memcpy(&last, out + used - 8, sizeof(last));
    if ((last & kNotBlank) != 0) break;
  }
  while (used > 0 && (out[used - 1] & 0xDF) == 0) --used;
  return static_cast<int>(used);
}

void EncodeLine(std::span<const Cell> cells, const Interner& interner, std::string* out) {
  StyleId style = StyleId::kDefault;
  for (const Cell& cell : cells) {
    if (cell.wide_tail()) continue;
    if (cell.style() != style) {
      style = cell.style();
      const uint64_t bits = interner.rendition(style).bits();
      out->push_back(kRendition);
      out->append(reinterpret_cast<const char*>(&bits), sizeof(bits));
    }
    if (cell.wide()) out->push_back(kWide);
    if (cell.is_cluster()) {
      const absl::string_view text = interner.cluster(cell.cluster());
      const size_t size = std::min<size_t>(text.size(), 255);
      out->push_back(kCluster);
      out->push_back(static_cast<char>(size));
      out->append(text.data(), size);
    } else if (cell.empty()) {
      out->push_back(' ');
    } else {
      AppendUtf8(cell.code_point(), out);
    }
  }
}

std::string DecodeText(absl::string_view line) {
  std::string text;
  Piece piece;
  while (!line.empty()) {
    TakePiece(&line, &piece);
    text.append(piece.text.data(), piece.text.size());
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

void DecodeLine(absl::string_view line, bool wrapped, int row, Screen* screen) {
  int column = 0;
  Piece piece;
  while (!line.empty()) {
    TakePiece(&line, &piece);
    const int width = piece.wide ? 2 : 1;
    if (column + width > screen->columns()) break;
    screen->SetCellText(row, column, piece.text, piece.wide, piece.rendition);
    column += width;
  }
  for (; column < screen->columns(); ++column) screen->SetCell(row, column, Cell());
  screen->SetWrapped(row, wrapped);
}

}  // namespace mosh::term
