#include "mgmt/ctl/testing/sample_sessions.h"

#include "base/check.h"
#include "google/protobuf/text_format.h"

namespace mosh::mgmt::ctl {

::mosh::fleet::v1::ListSessionsResponse SampleSessions() {
  ::mosh::fleet::v1::ListSessionsResponse list;
  CHECK(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        sessions {
          name: "nodes/n1/sessions/ab12"
          session_id: "ab12"
          user: "alice"
          uid: 1000
          command: "vi"
          command: "notes"
          title: "vi \033]0;evil\007notes"
          size { columns: 80 rows: 24 }
          state: ATTACHED
          create_time { seconds: 1799992800 }
          last_input_time { seconds: 1799999940 }
          watchers: "local:root(0)"
          pid: 412
          host_pid: 400
          port: 60001
          history_lines: 17
          usage {
            cpu_time { seconds: 1 nanos: 500000000 }
            memory_bytes: 3145728
            process_count: 2
          }
          clients {
            client_id: "1"
            address: "192.0.2.7:61000"
            earlier_addresses: "198.51.100.1:5"
            roam_count: 3
            srtt { nanos: 250000000 }
            rttvar { nanos: 20000000 }
            loss_to_server: 0.01
            loss_to_client: 0.12
            bytes_sent: 2048
            datagrams_sent: 10
            frames_sent: 8
            retransmissions: 1
            predictions { shown: 9 correct: 8 wrong: 1 }
            protocol: "mosh-fleet"
            capabilities: "resume"
            capabilities: "zstd"
          }
          clients {
            client_id: "2"
            address: "192.0.2.8:61000"
            view_only: true
            srtt { nanos: 30000000 }
            protocol: "stock"
          }
          etag: "e1"
        }
        sessions {
          name: "nodes/n1/sessions/ab34"
          session_id: "ab34"
          user: "bob"
          uid: 1001
          size { columns: 100 rows: 30 }
          state: DETACHED
          create_time { seconds: 1799740800 }
          detach_time { seconds: 1799999700 }
          pid: 500
        }
        sessions {
          name: "nodes/n1/sessions/cd56"
          session_id: "cd56"
          user: "carol"
          uid: 1002
          command: "htop"
          command: "-d"
          command: "5"
          size { columns: 80 rows: 24 }
          state: UNHEARD
          create_time { seconds: 1799996400 }
          held: true
          pid: 600
          clients {
            client_id: "1"
            address: "[2001:db8::1]:9"
            srtt { nanos: 40000000 }
          }
        }
        total_size: 3)pb",
      &list));
  return list;
}

}  // namespace mosh::mgmt::ctl
