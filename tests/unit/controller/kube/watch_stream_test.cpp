// The lines of a watch, however the network cuts them.
#include "tests/unit/controller/kube/scripted_api.hpp"

#include <gtest/gtest.h>

namespace djdb::kube {
namespace {

using std::chrono::seconds;
using support::PeerConnection;
using support::TlsPeer;

WatchAnswer open(const TlsPeer& peer) {
    ClusterConfig config;
    config.host = "localhost";
    config.port = peer.port();
    config.ca_pem = peer.ca_pem();
    return make_watch_transport(config)->open_watch(
        {.method = "GET", .target = "/watch", .headers = {}, .body = {}},
        {{}, Deadline::in(seconds{20}), {}}
    );
}

/// All lines until the end; the failure's code, if there is one, is the last.
std::vector<std::string> lines_of(LineStream& lines, seconds idle = seconds{20}) {
    std::vector<std::string> all;
    try {
        while (auto line = lines.next(idle, {})) {
            all.push_back(std::move(*line));
        }
    } catch (const Error& error) {
        all.push_back(error.failure().code);
    }
    return all;
}

TEST(WatchStream, ReadsTheSameWhereverTheBytesAreSplit) {
    const std::vector<std::string> wanted{R"({"a":1})", R"({"b":"2"})", R"({"c":[3]})"};
    const auto bytes = watch_head() + chunk(wanted[0] + "\n" + wanted[1].substr(0, 3)) +
                       chunk(wanted[1].substr(3) + "\n" + wanted[2] + "\n") + chunk("");
    std::size_t split = 1;
    const TlsPeer peer({}, [&](PeerConnection& connection) {
        connection.read_request();
        connection.write(bytes.substr(0, split));
        connection.write(bytes.substr(split));
    });
    for (; split < bytes.size(); ++split) {
        ASSERT_EQ(lines_of(*open(peer).lines), wanted) << "split behind byte " << split;
    }
}

TEST(WatchStream, ReadsTheSameByteByByte) {
    const TlsPeer peer({}, [](PeerConnection& connection) {
        connection.read_request();
        for (const char byte :
             watch_head() + chunk("one\n") + chunk("t") + chunk("wo\n") + chunk("")) {
            connection.write({byte});
        }
    });
    EXPECT_EQ(lines_of(*open(peer).lines), (std::vector<std::string>{"one", "two"}));
}

TEST(WatchStream, TakesALineOfFourMegabytesAndNoLonger) {
    const std::string most(4ULL * 1024 * 1024, 'x');
    const TlsPeer peer({}, [&](PeerConnection& connection) {
        connection.read_request();
        connection.write(watch_head() + chunk(most + "\n") + chunk(most + "x"));
        connection.wait_for_close();
    });
    EXPECT_EQ(lines_of(*open(peer).lines), (std::vector{most, std::string("Oversize")}));
}

TEST(WatchStream, ACutIsAFailureAndNotAnEnd) {
    for (const auto* rest : {"", "5\r\ntw", "zz\r\n"}) {
        const TlsPeer peer({}, [&](PeerConnection& connection) {
            connection.read_request();
            connection.write(watch_head() + chunk("one\n") + rest);
        });
        EXPECT_EQ(lines_of(*open(peer).lines), (std::vector<std::string>{"one", "Read"})) << rest;
    }
}

TEST(WatchStream, SilenceIsNoticed) {
    const TlsPeer peer({}, [](PeerConnection& connection) {
        connection.read_request();
        connection.write(watch_head() + chunk("one\n"));
        connection.wait_for_close();
    });
    EXPECT_EQ(
        lines_of(*open(peer).lines, seconds{1}), (std::vector<std::string>{"one", "Timeout"})
    );
}

TEST(WatchStream, StopEndsTheWait) {
    std::stop_source stop;
    const TlsPeer peer({}, [&](PeerConnection& connection) {
        connection.read_request();
        connection.write(watch_head());
        stop.request_stop();
        connection.wait_for_close();
    });
    const auto opened = open(peer);
    try {
        opened.lines->next(seconds{60}, stop.get_token());
        ADD_FAILURE() << "there was no line";
    } catch (const Error& error) {
        EXPECT_EQ(error.failure().code, "Stopped");
    }
}

}  // namespace
}  // namespace djdb::kube
