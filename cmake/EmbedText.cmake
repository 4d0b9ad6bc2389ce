# Writes INPUT as a C++ string constant kMigrationProgram to OUTPUT. Cut in pieces: compilers limit literals.
file(READ ${INPUT} text)
string(LENGTH "${text}" length)
set(body "")
set(at 0)
while(at LESS length)
    string(SUBSTRING "${text}" ${at} 4000 piece)
    string(APPEND body "R\"program(${piece})program\"\n")
    math(EXPR at "${at} + 4000")
endwhile()
file(WRITE ${OUTPUT}
    "// Generated from jobs/migrate.py.\n#include \"reconcilers/manifests/migration_job.hpp\"\n\nnamespace djdb {\nconst char* const kMigrationProgram =\n${body};\n}  // namespace djdb\n")
