// The protocol vectors of testdata/transport.json as values: for tests.
#ifndef SSP_TESTING_VECTORS_H_
#define SSP_TESTING_VECTORS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mosh::ssp {

using Bytes = std::vector<uint8_t>;

// A datagram as a stock peer sent it, with everything inside.
struct DatagramVector {
  bool to_client;
  uint64_t sequence;
  Bytes datagram;
  Bytes plaintext;
  uint16_t timestamp;
  std::optional<uint16_t> timestamp_reply;
  uint64_t fragment_id;
  uint16_t fragment_num;
  bool final;
};

struct InstructionVector {
  std::vector<size_t> datagrams;  // indices
  bool to_client;
  Bytes compressed;
  Bytes instruction;  // protobuf
  uint64_t old_num, new_num, ack_num, throwaway_num;
  Bytes diff, chaff;
};

struct RttVector {
  int sample_ms;
  double srtt, rttvar;
  int rto_ms, send_interval_ms;
};

struct TimestampDiffVector {
  uint16_t now, reply, difference;
};

struct Vectors {
  std::string key_base64;
  std::vector<DatagramVector> datagrams;
  std::vector<InstructionVector> instructions;
  Bytes compat_datagram;  // client to server, unknown fields everywhere
  Bytes compat_instruction;
  std::vector<std::vector<RttVector>> rtt;
  std::vector<TimestampDiffVector> timestamp_diff;
};

// Reads ssp/testdata/transport.json; the test needs it among its data.
Vectors LoadVectors();

}  // namespace mosh::ssp

#endif  // SSP_TESTING_VECTORS_H_
