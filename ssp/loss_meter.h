// Watches the peer's sequence numbers for gaps (spec §6 never reports them; they are free
// information about the path). A number counts as lost once kReorderTolerance later ones have
// arrived, in the way of QUIC (RFC 9002 §6.1.1).
//
// Pure; constant memory, constant time per datagram whatever the numbers are.
#ifndef SSP_LOSS_METER_H_
#define SSP_LOSS_METER_H_

#include <bitset>
#include <cstdint>

namespace mosh::ssp {

class LossMeter {
 public:
  static constexpr int kReorderTolerance = 3;
  static constexpr int kWindow = 64;   // sequence numbers that rate() looks at
  static constexpr int kMemory = 256;  // sequence numbers remembered
  static constexpr int kTried = 12;    // sequence numbers that make a path a tried one

  // Every authentic datagram's number, in any order, repeats included.
  void OnReceived(uint64_t sequence);

  // Numbers given up for lost so far. A huge jump (a peer that moved its counter) counts as one
  // window.
  uint64_t lost() const { return lost_; }
  // Share of the recent numbers old enough to judge that never came; 0 without any. A loss among
  // few counts for more than its share (Laplace's rule of succession).
  double rate() const { return RateOf(kWindow); }
  // The same over all that is remembered.
  double long_rate() const { return RateOf(kMemory); }

  // Too little has been seen to tell how much is lost.
  bool young() const { return known_ < kWindow; }
  // Too little has been seen to tell whether anything is.
  bool untried() const { return known_ < kTried; }

 private:
  double RateOf(int window) const;

  bool started_ = false;
  uint64_t highest_ = 0;
  std::bitset<kMemory> seen_;  // bit i: highest_ - i has arrived
  int known_ = 0;              // how many bits of seen_ mean something
  uint64_t lost_ = 0;
};

}  // namespace mosh::ssp

#endif  // SSP_LOSS_METER_H_
