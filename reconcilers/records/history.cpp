#include "reconcilers/records/history.hpp"

#include <algorithm>
#include <charconv>

namespace djdb {

std::int64_t number_of(const DjangoRelease& record) {
    const auto& name = record.meta.key.name.str();
    const auto prefix = record.spec.database_ref.name + "-";
    std::int64_t number = 0;
    if (name.starts_with(prefix)) {
        const auto* end = name.data() + name.size();
        const auto parsed = std::from_chars(name.data() + prefix.size(), end, number);
        if (parsed.ec != std::errc{} || parsed.ptr != end) {
            number = 0;
        }
    }
    return number;
}

const DjangoRelease* newest(const std::vector<DjangoRelease>& records) {
    const auto found = std::ranges::max_element(records, {}, number_of);
    return found == records.end() ? nullptr : &*found;
}

std::int64_t next_number(const std::vector<DjangoRelease>& records) {
    const auto* last = newest(records);
    return (last == nullptr ? 0 : number_of(*last)) + 1;
}

std::vector<DjangoRelease> to_forget(std::vector<DjangoRelease> records, std::size_t limit) {
    std::ranges::sort(records, std::ranges::greater{}, number_of);
    std::vector<DjangoRelease> forgotten;
    bool has_good_one = false;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const bool is_last_good =
            !has_good_one && records[i].status.outcome == ReleaseOutcome::Succeeded;
        has_good_one = has_good_one || is_last_good;
        // The new one counts.
        if (i + 1 >= limit && !is_last_good) {
            forgotten.push_back(records[i]);
        }
    }
    return forgotten;
}

}  // namespace djdb
