#include "io/uring_buffers.h"

#include <sys/mman.h>

#include <cerrno>

#include "io/status.h"

namespace mosh::io {
namespace {
constexpr size_t kRingBytes = 4096;
constexpr size_t kBytes = kRingBytes + UringBuffers::kCount * UringBuffers::kSize;
}  // namespace

static_assert(UringBuffers::kCount * sizeof(io_uring_buf) <= kRingBytes);

absl::StatusOr<std::unique_ptr<UringBuffers>> UringBuffers::Create(io_uring* ring) {
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return ErrnoStatus(errno, "mmap");
  // The kernel holds these very pages: a child's copy would be of no use, and must never replace
  // ours.
  madvise(memory, kBytes, MADV_DONTFORK);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<uint64_t>(memory);
  registration.ring_entries = kCount;
  registration.bgid = kGroup;
  if (const int error = io_uring_register_buf_ring(ring, &registration, 0); error < 0) {
    munmap(memory, kBytes);
    return ErrnoStatus(-error, "io_uring_register_buf_ring");
  }
  return std::unique_ptr<UringBuffers>(new UringBuffers(ring, static_cast<uint8_t*>(memory)));
}

UringBuffers::UringBuffers(io_uring* ring, uint8_t* memory) : ring_(ring), memory_(memory) {
  io_uring_buf_ring_init(ring_memory());
  for (uint32_t i = 0; i < kCount; ++i) Recycle(i);
}

UringBuffers::~UringBuffers() {
  io_uring_unregister_buf_ring(ring_, kGroup);
  munmap(memory_, kBytes);
}

std::span<uint8_t> UringBuffers::Buffer(uint32_t index) const {
  return {memory_ + kRingBytes + index * kSize, kSize};
}

void UringBuffers::Recycle(uint32_t index) {
  const std::span<uint8_t> buffer = Buffer(index);
  io_uring_buf_ring_add(ring_memory(), buffer.data(), buffer.size(), static_cast<uint16_t>(index),
                        io_uring_buf_ring_mask(kCount), 0);
  io_uring_buf_ring_advance(ring_memory(), 1);
  ++free_;
}

}  // namespace mosh::io
