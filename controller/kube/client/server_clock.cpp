#include "controller/kube/client/server_clock.hpp"

#include <ctime>
#include <iomanip>
#include <locale>
#include <optional>
#include <sstream>

namespace djdb::kube {
namespace {

using namespace std::chrono;

constexpr seconds kPrecision{2};

nanoseconds steady() {
    return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch());
}

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<nanoseconds> read_date(const std::string& text) {
    std::tm parts{};
    std::istringstream in(text);
    in.imbue(std::locale::classic());
    in >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S");
    return in ? std::optional<nanoseconds>(seconds{timegm(&parts)}) : std::nullopt;
}

}  // namespace

ServerClock::ServerClock()
    : ahead_(duration_cast<nanoseconds>(system_clock::now().time_since_epoch()) - steady()) {}

TimePoint ServerClock::now() const {
    return TimePoint(floor<seconds>(ahead_.load() + steady()));
}

void ServerClock::note(const HttpResponse& answer) {
    const auto header = answer.headers.find("date");
    const auto date = header == answer.headers.end() ? std::nullopt : read_date(header->second);
    if (date && abs(*date - (ahead_.load() + steady())) > kPrecision) {
        ahead_ = *date - steady();
    }
}

}  // namespace djdb::kube
