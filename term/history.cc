#include "term/history.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "base/check.h"
#include "term/line_codec.h"

namespace mosh::term {
namespace {

// Blocks grow by doubling from here, so that a session of a few lines stays small.
constexpr size_t kSmallestBlock = 512;
constexpr int kLevel = 3;

std::string EncodedCells(absl::string_view octets, const Interner& interner) {
  std::vector<Cell> cells(octets.size() / sizeof(Cell));  // aligned, unlike the octets
  std::memcpy(cells.data(), octets.data(), octets.size());
  std::string line;
  EncodeLine(cells, interner, &line);
  return line;
}

}  // namespace

void History::Append(const RowRef& row, const std::shared_ptr<Interner>& interner) {
  const std::span<const Cell> cells = row.cells();
  Block& block = BlockFor(sizeof(Header) + cells.size_bytes(), interner);
  char* const at = block.bytes.data() + block.size;
  char* const octets = at + sizeof(Header);
  Header header{.wrapped = row.wrapped()};
  if (const int plain = EncodePlainLine(cells, octets); plain >= 0) {
    header.kind = static_cast<uint32_t>(Kind::kEncoded);
    header.size = static_cast<uint32_t>(plain);
  } else {
    const std::span<const Cell> used = cells.first(UsedCells(cells));
    header.kind = static_cast<uint32_t>(Kind::kCells);
    header.size = static_cast<uint32_t>(used.size_bytes());
    std::memcpy(octets, used.data(), used.size_bytes());
    if (block.interner == nullptr) block.interner = interner;
  }
  std::memcpy(at, &header, sizeof(header));
  block.size += sizeof(header) + header.size;
  ++block.lines;
  ++lines_;
  if (lines_ > limits_.lines) ForgetOldestLine();
}

// The open block, with room for so many octets.
History::Block& History::BlockFor(size_t octets, const std::shared_ptr<Interner>& interner) {
  if (blocks_.empty()) {
    StartBlock();
  } else {
    const Block& open = blocks_.back();
    const bool full = open.lines >= kBlockLines || open.size + octets > kBlockBytes;
    const bool foreign = open.interner != nullptr && open.interner != interner;
    if ((full || foreign) && open.lines > 0) StartBlock();
  }
  Block& block = blocks_.back();
  if (block.size + octets > block.bytes.size()) {
    block.bytes.resize(std::max({2 * block.bytes.size(), block.size + octets, kSmallestBlock}));
  }
  return block;
}

void History::StartBlock() {
  compressible_ = !blocks_.empty();
  while (blocks_.size() > 1 && memory_bytes() > limits_.bytes) {
    lines_ -= blocks_.front().lines - skipped_;
    ForgetOldestBlock();
  }
  blocks_.push_back(std::exchange(spare_, {}));
  blocks_.back().serial = next_serial_++;
}

void History::ForgetOldestLine() {
  --lines_;
  ++skipped_;
  if (skipped_ == blocks_.front().lines) ForgetOldestBlock();
}

void History::ForgetOldestBlock() {
  Block& oldest = blocks_.front();
  if (oldest.unpacked_size == 0) {
    spare_.bytes = std::move(oldest.bytes);
    spare_.size = 0;
  }
  blocks_.erase(blocks_.begin());
  skipped_ = 0;
}

void History::Clear() {
  const HistoryLimits limits = limits_;
  *this = History(limits);
}

void History::Compress() {
  spare_ = {};
  unpacked_ = {};
  unpacked_serial_ = 0;
  if (blocks_.empty()) return;
  for (size_t i = 0; i + 1 < blocks_.size(); ++i) {
    if (blocks_[i].unpacked_size > 0) continue;
    Encode(&blocks_[i]);
    Pack(&blocks_[i]);
  }
  Encode(&blocks_.back());
  compressible_ = false;
}

void History::Encode(Block* block) {
  if (block->interner == nullptr) return;
  std::string encoded;
  absl::string_view lines(block->bytes.data(), block->size);
  while (!lines.empty()) {
    Line line = TakeLine(&lines);
    const bool is_cells = static_cast<Kind>(line.header.kind) == Kind::kCells;
    const std::string octets = is_cells ? EncodedCells(line.octets, *block->interner)
                                        : std::string(line.octets.data(), line.octets.size());
    line.header.kind = static_cast<uint32_t>(Kind::kEncoded);
    line.header.size = static_cast<uint32_t>(octets.size());
    encoded.append(reinterpret_cast<const char*>(&line.header), sizeof(Header));
    encoded.append(octets);
  }
  block->bytes = std::vector<char>(encoded.begin(), encoded.end());
  block->size = encoded.size();
  block->interner.reset();
}

void History::Pack(Block* block) {
  std::vector<char> packed(ZSTD_compressBound(block->size));
  const size_t size =
      ZSTD_compress(packed.data(), packed.size(), block->bytes.data(), block->size, kLevel);
  CHECK(!ZSTD_isError(size));
  block->bytes = std::vector<char>(packed.begin(), packed.begin() + static_cast<ptrdiff_t>(size));
  block->unpacked_size = block->size;
  block->size = size;
}

History::Line History::TakeLine(absl::string_view* lines) {
  Line line;
  std::memcpy(&line.header, lines->data(), sizeof(Header));
  line.octets = lines->substr(sizeof(Header), line.header.size);
  lines->remove_prefix(sizeof(Header) + line.header.size);
  return line;
}

absl::string_view History::LinesOf(const Block& block) const {
  if (block.unpacked_size == 0) return {block.bytes.data(), block.size};
  if (unpacked_serial_ != block.serial) {
    unpacked_.resize(block.unpacked_size);
    const size_t size =
        ZSTD_decompress(unpacked_.data(), unpacked_.size(), block.bytes.data(), block.size);
    CHECK(size == block.unpacked_size);
    unpacked_serial_ = block.serial;
  }
  return {unpacked_.data(), unpacked_.size()};
}

std::string History::Encoded(int line, bool* wrapped) const {
  CHECK(line >= 0);
  CHECK(line < lines_);
  int at = line + skipped_;
  const Block* block = blocks_.data();
  for (; at >= block->lines; ++block) at -= block->lines;
  absl::string_view lines = LinesOf(*block);
  Line found = TakeLine(&lines);
  for (; at > 0; --at) found = TakeLine(&lines);
  *wrapped = found.header.wrapped;
  if (static_cast<Kind>(found.header.kind) == Kind::kCells) {
    return EncodedCells(found.octets, *block->interner);
  }
  return std::string(found.octets.data(), found.octets.size());
}

std::string History::Text(int line) const {
  bool wrapped;
  return DecodeText(Encoded(line, &wrapped));
}

void History::Draw(int line, int row, Screen* screen) const {
  bool wrapped;
  const std::string encoded = Encoded(line, &wrapped);
  DecodeLine(encoded, wrapped, row, screen);
}

size_t History::memory_bytes() const {
  size_t bytes = sizeof(*this) + blocks_.capacity() * sizeof(Block) + spare_.bytes.capacity() +
                 unpacked_.capacity();
  for (const Block& block : blocks_) bytes += block.bytes.capacity();
  return bytes;
}

}  // namespace mosh::term
