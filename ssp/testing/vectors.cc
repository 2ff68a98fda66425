#include "ssp/testing/vectors.h"

#include <fstream>

#include "base/check.h"
#include "nlohmann/json.hpp"

namespace mosh::ssp {
namespace {

using nlohmann::json;

Bytes FromHex(const json& value) {
  const std::string hex = value;
  Bytes bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

uint64_t Number(const json& decimal) { return std::stoull(decimal.get<std::string>()); }

DatagramVector ReadDatagram(const json& d) {
  DatagramVector vector{.to_client = d.at("to_client"),
                        .sequence = d.at("seq"),
                        .datagram = FromHex(d.at("datagram_hex")),
                        .plaintext = FromHex(d.at("plaintext_hex")),
                        .timestamp = d.at("timestamp"),
                        .timestamp_reply = std::nullopt,
                        .fragment_id = d.at("fragment_id"),
                        .fragment_num = d.at("fragment_num"),
                        .final = d.at("final")};
  if (!d.at("timestamp_reply").is_null()) vector.timestamp_reply = d.at("timestamp_reply");
  return vector;
}

InstructionVector ReadInstruction(const json& i) {
  const json& fields = i.at("instruction");
  return {.datagrams = i.at("datagrams"),
          .to_client = i.at("to_client"),
          .compressed = FromHex(i.at("compressed_hex")),
          .instruction = FromHex(i.at("instruction_hex")),
          .old_num = Number(fields.at("old_num")),
          .new_num = Number(fields.at("new_num")),
          .ack_num = Number(fields.at("ack_num")),
          .throwaway_num = Number(fields.at("throwaway_num")),
          .diff = FromHex(fields.at("diff")),
          .chaff = FromHex(fields.at("chaff"))};
}

}  // namespace

Vectors LoadVectors() {
  std::ifstream file("ssp/testdata/transport.json");
  CHECK(file.is_open());
  const json all = json::parse(file);
  Vectors vectors;
  vectors.key_base64 = all.at("key_base64");
  for (const json& d : all.at("datagrams")) vectors.datagrams.push_back(ReadDatagram(d));
  for (const json& i : all.at("instructions")) vectors.instructions.push_back(ReadInstruction(i));
  vectors.compat_datagram = FromHex(all.at("compat").at(0).at("datagram_hex"));
  vectors.compat_instruction = FromHex(all.at("compat").at(0).at("instruction_hex"));
  for (const json& sequence : all.at("rtt")) {
    auto& samples = vectors.rtt.emplace_back();
    for (const json& s : sequence) {
      samples.push_back({s.at("sample_ms"), s.at("srtt"), s.at("rttvar"), s.at("rto_ms"),
                         s.at("send_interval_ms")});
    }
  }
  for (const json& t : all.at("timestamp_diff")) {
    vectors.timestamp_diff.push_back({t.at("now16"), t.at("reply"), t.at("R")});
  }
  return vectors;
}

}  // namespace mosh::ssp
