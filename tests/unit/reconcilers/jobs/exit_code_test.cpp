// The table of exit codes against the program that ends with them.
#include "reconcilers/jobs/exit_code.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace djdb {
namespace {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::map<std::string, int> codes_of_the_program() {
    const auto text = read_file(std::filesystem::path(DJDB_JOBS_FOLDER) / "djangodb_exit_codes.py");
    const auto from = text.find("EXIT_CODES = {");
    const auto to = text.find("\n}", from);
    const auto table = text.substr(from, to - from);
    static const std::regex kRow(R"re("(\w+)": (\d+),)re");
    std::map<std::string, int> codes;
    for (std::sregex_iterator row(table.begin(), table.end(), kRow), end; row != end; ++row) {
        codes.emplace((*row)[1].str(), std::stoi((*row)[2].str()));
    }
    return codes;
}

TEST(ExitCodes, AreThoseOfTheProgram) {
    std::map<std::string, int> ours;
    for (const auto& row : exit_table()) {
        EXPECT_TRUE(ours.emplace(to_string(row.reason), static_cast<int>(row.code)).second);
    }
    EXPECT_GT(ours.size(), 30U);
    EXPECT_EQ(ours, codes_of_the_program());
}

TEST(ExitCodes, EachReasonMayBeShownForTheJobThatGivesIt) {
    for (const auto& row : exit_table()) {
        EXPECT_TRUE(
            appears_in(row.reason, ConditionType::PreflightPassed) ||
            appears_in(row.reason, ConditionType::MigrationsApplied) ||
            appears_in(row.reason, ConditionType::BackupFresh) ||
            appears_in(row.reason, ConditionType::Verified)
        ) << to_string(row.reason);
    }
}

/// Names that stand in the program as reasons: "end(.." ends it with one, and the tables hold them.
TEST(ExitCodes, TheProgramNamesNoReasonThatHasNone) {
    const auto known = codes_of_the_program();
    static const std::regex kReason(
        R"re((?:\bend\(\s*|\breturn |: )"([A-Z]\w+[a-z]\w*)"(?! in )|, "([A-Z]\w+[a-z]\w*)"\),)re"
    );
    std::set<std::string> named;
    for (const auto& entry : std::filesystem::directory_iterator(DJDB_JOBS_FOLDER)) {
        if (entry.path().extension() != ".py") {
            continue;
        }
        const auto text = read_file(entry.path());
        for (std::sregex_iterator found(text.begin(), text.end(), kReason), end; found != end;
             ++found) {
            named.insert((*found)[1].matched ? (*found)[1].str() : (*found)[2].str());
        }
    }
    named.erase("InProgress");  // how an answer begins, not how it ends
    EXPECT_GT(named.size(), 25U);
    for (const auto& name : named) {
        EXPECT_TRUE(known.contains(name)) << name;
    }
}

}  // namespace
}  // namespace djdb
