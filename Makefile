# libdmlcsr. Works as it is (GNU make, any C11 compiler with GNU options); ./configure writes config.mk, which is read
# first and can change every variable set with ?= below. Everything that is built lands in $(BUILD).
#
#   make                   libraries, and the programs whose libraries are found
#   make check             the tests; SUITES="unit kernels" picks some, so do ONLY=text and SKIP=text (parts of names)
#   make bench             speed of the kernels and the network
#   make install           DESTDIR, prefix, libdir ... as usual
#   make fuzz              libFuzzer programs (clang), in $(BUILD)/fuzz
#   make reference         pages about every function, in $(BUILD)/reference/html; needs doxygen
#   make dist              source archive
#   make check-cross       other machines under emulation, MACHINES="s390x armhf" picks; make check-packages: deb, rpm ...
#   make abi-baseline      writes down what the coming release promises, for the test that compares (doc/abi.md)
#   make V=1               shows the commands

-include config.mk

BUILD         ?= build
CXX           ?= c++
AR            ?= ar
NM            ?= nm
PKG_CONFIG    ?= pkg-config
CFLAGS        ?= -O2 -g
KERNEL_CFLAGS ?= -O3
# For the vector convolutions alone: some sanitizers push their sums out of the registers, fifty times slower.
CONV_CFLAGS   ?=
# For the double-precision build that tests gradients on the machine that builds it. GCC 12 gets masks of eight doubles
# in AVX-512 wrong (norm_back).
DOUBLE_CFLAGS ?= -march=native $(if $(filter x86_64%,$(machine)),-mno-avx512f)
WERROR        ?=
EMULATOR      ?=
MODELS        ?= yes
EMBED_MODEL   ?= $(MODELS)
TRAINING      ?= yes
MPI           ?= no
# RPATH=no: programs look for the library where the system does, as a distribution wants it.
RPATH         ?= yes
V             ?= 0

prefix      ?= /usr/local
exec_prefix ?= $(prefix)
bindir      ?= $(exec_prefix)/bin
libdir      ?= $(exec_prefix)/lib
includedir  ?= $(prefix)/include
datarootdir ?= $(prefix)/share
datadir     ?= $(datarootdir)
mandir      ?= $(datarootdir)/man
pkgdatadir   = $(datadir)/dmlcsr

# ---- version, machine -------------------------------------------------------------------------------------------------

version_part = $(shell sed -n 's/^.define DMLCSR_VERSION_$(1) //p' include/dmlcsr/version.h)
MAJOR   := $(call version_part,MAJOR)
VERSION := $(MAJOR).$(call version_part,MINOR).$(call version_part,PATCH)

machine := $(shell $(CC) $(CFLAGS) -dumpmachine)

ifneq ($(filter x86_64% amd64% i386% i486% i586% i686%,$(machine)),)
isas := sse41 avx2 avxvnni avx512 avx512bf16 avx512vnni
else ifneq ($(filter aarch64% arm64%,$(machine)),)
isas := neon neondot neonbf16
else
isas :=
endif

ifneq ($(findstring darwin,$(machine)),)
so_file     := libdmlcsr.$(VERSION).dylib
so_name     := libdmlcsr.$(MAJOR).dylib
so_link     := libdmlcsr.dylib
so_flags     = -dynamiclib -install_name $(libdir)/$(so_name) -compatibility_version $(MAJOR) -current_version $(VERSION)
origin      := @loader_path
else
so_file     := libdmlcsr.so.$(VERSION)
so_name     := libdmlcsr.so.$(MAJOR)
so_link     := libdmlcsr.so
so_flags     = -shared -Wl,-soname,$(so_name) -Wl,--version-script,libdmlcsr/dmlcsr.map $(if $(sanitized),,-Wl,-z,defs)
origin      := $$ORIGIN
endif
# libdmlcsr.so.0 -> libdmlcsr-train.so.0
train_of     = $(subst libdmlcsr.,libdmlcsr-train.,$(1))
train_flags  = $(subst libdmlcsr/dmlcsr.map,libdmlcsr/train/dmlcsr-train.map,$(call train_of,$(so_flags)))
sanitized    = $(findstring -fsanitize,$(CFLAGS))

# ---- flags ------------------------------------------------------------------------------------------------------------

warnings   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(WERROR)
# Results must not depend on what a compiler feels like fusing.
numerics   := -ffp-contract=off -fno-math-errno
# For the DLL: `make dll`. GCC takes the stack for aligned to 32 and 64 bytes there, which it is not.
ifneq ($(findstring mingw,$(machine)),)
numerics   += -D__USE_MINGW_ANSI_STDIO=1 -DDMLCSR_BUILD_SHARED -Wa,-muse-unaligned-vector-move
endif
# The x87 unit computes in 80 bits, and rounds when a compiler feels like it.
ifneq ($(filter i386% i486% i586% i686%,$(machine)),)
numerics   += -msse2 -mfpmath=sse
endif
# In strict C, GCC computes float expressions in double here, since an old header says so.
ifneq ($(filter s390%,$(machine)),)
numerics   += -fexcess-precision=fast
endif
# 32-bit machines: folders and files with large numbers cannot be looked at otherwise.
all_cflags  = -std=c11 -D_FILE_OFFSET_BITS=64 $(warnings) $(CFLAGS) $(numerics) -fPIC -fvisibility=hidden -pthread
includes   := -Iinclude -Ilibdmlcsr

flags_sse41  := -msse4.1
flags_avx2   := -mavx2 -mfma -mf16c
flags_avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c -mprefer-vector-width=512
flags_avx512bf16 := $(flags_avx512) -mavx512bf16
flags_avx512vnni := $(flags_avx512) -mavx512vnni
flags_avxvnni := $(flags_avx2) -mavxvnni
flags_neon   :=
flags_neondot  := -march=armv8.2-a+dotprod
flags_neonbf16 := -march=armv8.2-a+bf16
# What a compiler that knows the others need not know, and the macro that says it does.
newer_isas     := avxvnni neonbf16
macro_avxvnni  := __AVXVNNI__
macro_neonbf16 := __ARM_FEATURE_BF16_VECTOR_ARITHMETIC
knows  = $(shell $(CC) $(flags_$(1)) -dM -E -x c /dev/null 2>/dev/null | grep -q $(macro_$(1)) && echo $(1))
known := $(foreach isa,$(filter $(newer_isas),$(isas)),$(call knows,$(isa)))
isas  := $(filter-out $(newer_isas),$(isas)) $(known)
# conv_avx2.c -> flags_avx2; conv.c -> nothing
isa_of        = $(lastword $(subst _, ,$(basename $(notdir $(1)))))
# The definitions are as fast without KERNEL_CFLAGS, and half as large.
kernel_flags  = $(if $(filter $(isa_of),$(isas)),$(KERNEL_CFLAGS)) $(flags_$(isa_of)) \
                $(if $(findstring /conv_,$(1)),$(CONV_CFLAGS)) -fno-lto \
                $(if $(findstring /kernels.c,$(1)),$(known:%=-DDML_WITH_%))

data_dir_flag = -DDMLCSR_DATA_DIR='"$(pkgdatadir)"'
model_file   := weights/dmlcsr-small.safetensors
ifeq ($(EMBED_MODEL),yes)
model_flag   := -DDML_EMBEDDED_MODEL='"$(model_file)"'
endif

run_0 = @printf '  %-8s %s\n' $(1) $(2);
run_1 =
say   = $(call run_$(V),$(1),$(2))

# ---- the library ------------------------------------------------------------------------------------------------------

all_isas   := sse41 avx2 avxvnni avx512 avx512bf16 avx512vnni neon neondot neonbf16
other_isas := $(filter-out $(isas),$(all_isas))
# Sorted: the order of objects must not depend on the file system (reproducible builds).
all_sources := $(sort $(wildcard libdmlcsr/*.c)) \
               $(foreach room,base kernels ops net model image onnx train,$(sort $(wildcard libdmlcsr/$(room)/*.c)))
all_sources := $(filter-out $(foreach isa,$(other_isas),%_$(isa).c),$(all_sources))
# What only training needs has a shared object of its own: the way back, norms that are not folded, and train/.
train_sources := $(filter libdmlcsr/train/% %/back.c %_back.c %/norm.c %/batch.c \
                          $(foreach isa,$(isas),%_back_$(isa).c %/norm_$(isa).c),$(all_sources))
sources    := $(filter-out $(train_sources),$(all_sources))
objects    := $(sources:%.c=$(BUILD)/%.o)
train_objects := $(train_sources:%.c=$(BUILD)/%.o)
# TRAINING=no leaves out that library, its header, its program and their tests.
if_training     = $(if $(filter yes,$(TRAINING)),$(1))
unless_training = $(if $(filter yes,$(TRAINING)),,$(1))
headers    := $(filter-out $(call unless_training,%/train.h),$(wildcard include/dmlcsr/*.h include/dmlcsr/*.hpp))
pc_files   := $(BUILD)/dmlcsr.pc $(call if_training,$(BUILD)/dmlcsr-train.pc)

# For find_package() of CMake.
cmake_files := $(BUILD)/dmlcsr-config.cmake $(BUILD)/dmlcsr-config-version.cmake

# The C kernels and what stands on them, in double precision, for the tests of the gradients. Model files hold single
# precision: what reads and writes them is left out.
double_sources := $(filter-out $(foreach isa,$(all_isas),%_$(isa).c) %_bf16.c %_u8.c %/narrow.c,\
                    $(filter libdmlcsr/base/% libdmlcsr/kernels/% libdmlcsr/ops/%,$(all_sources))) \
                  $(filter $(foreach part,graph family figure resnet ddgcn heads,libdmlcsr/net/$(part).c),$(all_sources)) \
                  $(filter $(foreach part,draft parameters plan forward backward optimiser edges lovasz% loss%,\
                                     libdmlcsr/train/$(part).c),$(train_sources))
double_objects := $(double_sources:%.c=$(BUILD)/double/%.o)
double_library := $(BUILD)/tests/double.a

static := $(BUILD)/lib/libdmlcsr.a
shared := $(BUILD)/lib/$(so_file)
links  := $(BUILD)/lib/$(so_name) $(BUILD)/lib/$(so_link)
train_static := $(BUILD)/lib/libdmlcsr-train.a
train_shared := $(BUILD)/lib/$(call train_of,$(so_file))
train_links  := $(call train_of,$(links))
train_library := $(call if_training,$(train_static) $(train_shared) $(train_links))

# ---- the programs -----------------------------------------------------------------------------------------------------

has_package = $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && echo yes)
ifndef TOOLS
TOOLS     := $(call has_package,libpng libjpeg)
PNG_LIBS  := $(if $(TOOLS),$(shell $(PKG_CONFIG) --libs libpng))
PNG_FLAGS := $(if $(TOOLS),$(shell $(PKG_CONFIG) --cflags libpng libjpeg))
JPEG_LIBS := $(if $(TOOLS),$(shell $(PKG_CONFIG) --libs libjpeg))
endif

# MPI=yes: dmlcsr-train and dmlcsr-evaluate as several processes, through Open MPI. With another MPI, give MPI_CFLAGS and
# MPI_LIBS.
ifeq ($(MPI),yes)
ifndef MPI_LIBS
MPI_CFLAGS := $(shell $(PKG_CONFIG) --cflags ompi-c 2>/dev/null || mpicc --showme:compile)
MPI_LIBS   := $(shell $(PKG_CONFIG) --libs ompi-c 2>/dev/null || mpicc --showme:link)
endif
$(if $(MPI_LIBS),,$(error MPI=yes needs Open MPI (Debian: apt install libopenmpi-dev openmpi-bin), or the two variables))
else
MPI_LIBS   :=
endif

# A program is its own files, and of those that several use (an archive of them) what it needs.
convert_sources  := $(filter-out examples/convert_$(if $(filter yes,$(TOOLS)),no_photos,photos).c,\
                                 $(wildcard examples/convert*.c))
parse_sources    := $(wildcard $(foreach part,parse args outputs report,examples/$(part).c))
evaluate_sources := $(wildcard examples/evaluate*.c)
train_sources_of_tool := $(wildcard examples/train*.c)
mpi_sources      := examples/processes_mpi.c examples/processes_communicator.c
shared_sources   := $(sort $(filter-out examples/convert%.c $(parse_sources) $(evaluate_sources) $(train_sources_of_tool) \
                                 $(if $(filter yes,$(MPI)),examples/processes_one.c,$(mpi_sources)),$(wildcard examples/*.c)))
tool_archive     := $(BUILD)/examples/shared.a
tool_names       := $(if $(convert_sources),dmlcsr-convert) \
                    $(if $(filter yes,$(TOOLS)),$(if $(parse_sources),dmlcsr-parse) \
                                                $(if $(evaluate_sources),dmlcsr-evaluate) \
                                                $(if $(train_sources_of_tool),$(call if_training,dmlcsr-train)))
tools            := $(tool_names:%=$(BUILD)/bin/%)
# The programs find the library beside them, in the build tree and where they are installed.
lib_below        = $(patsubst $(exec_prefix)/%,%,$(libdir))
rpath_flag       = -Wl,-rpath,'$(origin)/../lib'$(if $(filter-out lib /%,$(lib_below)),:'$(origin)/../$(lib_below)')
tool_rpath       = $(if $(filter yes,$(RPATH)),$(rpath_flag))

# ---- the tests --------------------------------------------------------------------------------------------------------

SUITES  ?= unit oom kernels grad train portable golden fuzz abi bindings examples
ONLY    ?=
SKIP    ?=

# One program per test_*.c; the other files of the folder are helpers that all of them get. tests/cases/ is compiled for
# each suite that uses it, since their precision is not the same.
suite_programs = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/$(1)/test_*.c))
suite_helpers  = $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/$(1)/test_%,$(wildcard tests/$(1)/*.c))) \
                 $(if $(filter $(1),$(case_users)),$(patsubst tests/%.c,$(BUILD)/tests/$(1)/%.o,$(wildcard tests/cases/*.c)))
case_users     := grad train
scripts_of     = $(wildcard tests/$(1)/test_*.sh)
untested      := $(call unless_training,$(BUILD)/tests/oom/test_oom_train tests/examples/test_train%)

support     := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/support/*.c))
fuzz_names  := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
bench_names := $(filter-out $(call unless_training,bench_back bench_train),\
                 $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/bench*.c)))

programs_unit     := $(call suite_programs,unit)
programs_oom      := $(filter-out $(untested),$(call suite_programs,oom))
programs_golden   := $(call suite_programs,golden)
programs_grad     := $(call if_training,$(call suite_programs,grad))
programs_train    := $(call if_training,$(call suite_programs,train))
programs_portable := $(call suite_programs,portable)
programs_kernels  := $(if $(wildcard tests/kernels/*.c),$(BUILD)/tests/kernelcheck)
programs_fuzz     := $(fuzz_names:%=$(BUILD)/tests/fuzz/replay_%)
programs_abi      := $(call scripts_of,abi)
programs_bindings := $(call scripts_of,bindings)
programs_examples := $(call suite_programs,examples) $(filter-out $(untested),$(call scripts_of,examples))
benches           := $(bench_names:%=$(BUILD)/tests/bench/%)

ifneq ($(filter check check-programs $(BUILD)/tests/%,$(MAKECMDGOALS)),)
CHECK_FLAGS ?= $(shell $(PKG_CONFIG) --cflags check 2>/dev/null)
CHECK_LIBS  ?= $(shell $(PKG_CONFIG) --libs check 2>/dev/null)
endif
test_flags = $(includes) -Itests $(CHECK_FLAGS)
selected   = $(foreach suite,$(SUITES),$(programs_$(suite)))
check_users := $(sort $(shell grep -l '<check\.h>' /dev/null tests/*/*.[ch] | cut -d / -f 2)) # suites

# ---- targets ----------------------------------------------------------------------------------------------------------

.PHONY: all lib dll tools check check-programs check-cross check-packages abi-baseline reference bench fuzz install install-lib install-tools uninstall clean distclean dist FORCE
.SECONDARY:
.DELETE_ON_ERROR:

all: lib tools $(pc_files) $(cmake_files)
lib: $(static) $(shared) $(links) $(train_library)
tools: $(tools)

# Changes when a flag given on the command line does.
flag_line = $(CC) $(all_cflags) $(KERNEL_CFLAGS) $(CONV_CFLAGS) $(LDFLAGS) $(EMBED_MODEL) $(MPI) $(pkgdatadir) $(CPPFLAGS) $(machine)
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)
	@printf '%s\n' '$(subst ','\'',$(flag_line))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(flag_line))' >$@

remakers := Makefile $(wildcard config.mk) $(BUILD)/flags
compile   = $(CC) $(CPPFLAGS) $(1) $(all_cflags) $(2) -MMD -MP -c -o $@ $<

$(BUILD)/libdmlcsr/kernels/%.o: libdmlcsr/kernels/%.c $(remakers)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(call compile,$(includes),$(call kernel_flags,$<))

$(BUILD)/libdmlcsr/api.o $(BUILD)/libdmlcsr/api_model.o: more_flags = $(data_dir_flag)
# Nobody waits for an exporter: it is made small.
$(BUILD)/libdmlcsr/onnx/%.o: more_flags = $(if $(filter -O2,$(CFLAGS)),-Os)
$(BUILD)/libdmlcsr/model/default_model.o: more_flags = $(model_flag) -fno-lto
$(BUILD)/libdmlcsr/model/default_model.o: $(model_file)
$(BUILD)/libdmlcsr/%.o: libdmlcsr/%.c $(remakers)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(call compile,$(includes),$(more_flags))

$(static): $(objects)
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,AR,$@)$(AR) rcs $@ $(objects)

$(shared): $(objects) libdmlcsr/dmlcsr.map
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(all_cflags) $(LDFLAGS) $(so_flags) -o $@ $(objects) -lm

# Windows, with MinGW-w64: the library alone, as DLL, import library and archive. It needs no other DLL but the system's.
dll_file := $(BUILD)/bin/libdmlcsr-$(MAJOR).dll
dll: $(dll_file) $(static)
$(dll_file): $(objects)
	@mkdir -p $(@D) $(BUILD)/lib
	$(call say,LINK,$@)$(CC) $(all_cflags) $(LDFLAGS) -shared -static -o $@ $(objects) \
		-Wl,--out-implib,$(BUILD)/lib/libdmlcsr.dll.a

$(links): $(shared)
	@ln -sf $(so_file) $@

$(train_static): $(train_objects)
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,AR,$@)$(AR) rcs $@ $(train_objects)

# It carries the tensor core it stands on, hidden: the parsing library exports none of its inside.
$(train_shared): $(train_objects) $(static) libdmlcsr/train/dmlcsr-train.map
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(all_cflags) $(LDFLAGS) $(train_flags) -o $@ $(train_objects) $(static) -lm

$(train_links): $(train_shared)
	@ln -sf $(notdir $(train_shared)) $@

# Only public headers here: the programs are users like any other.
$(mpi_sources:%.c=$(BUILD)/%.o): more_flags = $(MPI_CFLAGS)
$(BUILD)/examples/%.o: examples/%.c $(remakers)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(call compile,-Iinclude $(PNG_FLAGS) $(data_dir_flag),$(more_flags))

$(tool_archive): $(shared_sources:%.c=$(BUILD)/%.o)
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,AR,$@)$(AR) rcs $@ $^

link_tool = $(CC) $(all_cflags) $(LDFLAGS) $(tool_rpath) -o $@ $(filter %.o,$^) $(filter %.a,$^) -L$(BUILD)/lib -ldmlcsr
$(BUILD)/bin/dmlcsr-convert: $(convert_sources:%.c=$(BUILD)/%.o) $(if $(filter yes,$(TOOLS)),$(tool_archive)) $(links)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(link_tool) $(if $(filter yes,$(TOOLS)),$(PNG_LIBS) $(JPEG_LIBS)) -lm

$(BUILD)/bin/dmlcsr-parse: $(parse_sources:%.c=$(BUILD)/%.o) $(tool_archive) $(links)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(link_tool) $(PNG_LIBS) $(JPEG_LIBS) -lm

$(BUILD)/bin/dmlcsr-evaluate: $(evaluate_sources:%.c=$(BUILD)/%.o) $(tool_archive) $(links)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(link_tool) $(PNG_LIBS) $(JPEG_LIBS) $(MPI_LIBS) -lm -pthread

$(BUILD)/bin/dmlcsr-train: $(train_sources_of_tool:%.c=$(BUILD)/%.o) $(tool_archive) $(train_links) $(links)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(link_tool) -ldmlcsr-train $(PNG_LIBS) $(JPEG_LIBS) $(MPI_LIBS) -lm -pthread

# The libraries' folder below the prefix, and so on: the package config for CMake finds the rest from where it lies.
below_prefix = $(patsubst $(prefix)/%,%,$(patsubst $(exec_prefix)/%,%,$(1)))
pointer_size = $(shell printf '__SIZEOF_POINTER__' | $(CC) $(CFLAGS) -E -P - | tr -d ' ')
$(BUILD)/%.cmake: %.cmake.in $(remakers) include/dmlcsr/version.h
	@sed -e 's|@libdir@|$(call below_prefix,$(libdir))|' -e 's|@includedir@|$(call below_prefix,$(includedir))|' \
	     -e 's|@full_includedir@|$(includedir)|' -e 's|@version@|$(VERSION)|' -e 's|@major@|$(MAJOR)|' \
	     -e 's|@pointer@|$(pointer_size)|' -e 's|@shared@|$(so_file)|' -e 's|@soname@|$(so_name)|' \
	     -e 's|@train_shared@|$(call train_of,$(so_file))|' -e 's|@train_soname@|$(call train_of,$(so_name))|' $< >$@

$(BUILD)/%.pc: %.pc.in $(remakers) include/dmlcsr/version.h
	@sed -e 's|@prefix@|$(prefix)|' -e 's|@exec_prefix@|$(exec_prefix:$(prefix)%=$${prefix}%)|' \
	     -e 's|@libdir@|$(libdir:$(prefix)/%=$${exec_prefix}/%)|' \
	     -e 's|@includedir@|$(includedir:$(prefix)/%=$${prefix}/%)|' -e 's|@version@|$(VERSION)|' $< >$@

# ---- tests ------------------------------------------------------------------------------------------------------------

$(BUILD)/tests/%.o: tests/%.c $(remakers)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(call compile,$(test_flags),$(more_flags))

$(BUILD)/tests/grad/%.o: more_flags = -DDML_DOUBLE
define case_rule
$$(BUILD)/tests/$(1)/cases/%.o: tests/cases/%.c $$(remakers)
	@mkdir -p $$(@D)
	$$(call say,CC,$$<)$$(call compile,$$(test_flags),$$(more_flags))
endef
$(foreach suite,$(case_users),$(eval $(call case_rule,$(suite))))

$(BUILD)/double/%.o: %.c $(remakers)
	@mkdir -p $(@D)
	$(call say,DOUBLE,$<)$(call compile,$(includes) -DDML_DOUBLE,$(if $(findstring /kernels/,$<),$(KERNEL_CFLAGS)) $(DOUBLE_CFLAGS))

$(double_library): $(double_objects)
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,AR,$@)$(AR) rcs $@ $(double_objects)

$(BUILD)/tests/support.a: $(support)
	@rm -f $@
	$(call say,AR,$@)$(AR) rcs $@ $(support)

test_libraries := $(if $(support),$(BUILD)/tests/support.a) $(call if_training,$(train_static)) $(static)
link_test = $(CC) $(all_cflags) $(LDFLAGS) -o $@ $(filter %.o,$^) $(test_libraries)

define suite_rule
$$(BUILD)/tests/$(1)/test_%: $$(BUILD)/tests/$(1)/test_%.o $$(call suite_helpers,$(1)) $$(test_libraries)
	$$(call say,LINK,$$@)$$(link_test) $(if $(filter $(1),$(check_users)),$$(CHECK_LIBS)) -lm
endef
$(foreach suite,unit oom train portable golden examples,$(eval $(call suite_rule,$(suite))))

# The double library comes first: of what both have, its version is taken.
$(BUILD)/tests/grad/test_%: $(BUILD)/tests/grad/test_%.o $(call suite_helpers,grad) $(double_library) $(test_libraries)
	$(call say,LINK,$@)$(CC) $(all_cflags) $(LDFLAGS) -o $@ $(filter %.o,$^) $(double_library) \
		$(filter-out $(train_static),$(test_libraries)) $(CHECK_LIBS) -lm

$(foreach suite,$(check_users),$(programs_$(suite))): | found-check
.PHONY: found-check
found-check:
	@[ -n '$(strip $(CHECK_LIBS))' ] || { echo 'make check needs the Check library (Debian: apt install check pkg-config)' >&2; exit 1; }

# All kernels, those that only training needs included, whatever libraries are built.
$(BUILD)/tests/kernelcheck: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/kernels/*.c)) $(test_libraries) \
		$(call unless_training,$(filter $(BUILD)/libdmlcsr/kernels/%,$(train_objects)))
	$(call say,LINK,$@)$(link_test) -lm

$(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(test_libraries)
	$(call say,LINK,$@)$(link_test) -lm

$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o \
		$(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/bench/bench%,$(wildcard tests/bench/*.c))) $(test_libraries)
	$(call say,LINK,$@)$(link_test) -lm

check-programs: all $(filter-out %.sh,$(selected))

check: check-programs
	@BUILD='$(BUILD)' CC='$(CC)' CXX='$(CXX)' NM='$(NM)' MAKE='$(MAKE)' PKG_CONFIG='$(PKG_CONFIG)' EMULATOR='$(EMULATOR)' \
	 ONLY='$(ONLY)' SKIP='$(SKIP)' SHARED='$(shared)' STATIC='$(static)' TRAIN_SHARED='$(call if_training,$(train_shared))' TRAIN_STATIC='$(call if_training,$(train_static))' PROGRAMS='$(tool_names)' SANITIZED='$(sanitized)' MODELS='$(MODELS)' EMBED_MODEL='$(EMBED_MODEL)' \
	 bash tests/run.sh $(selected)

# For other machines, under emulation, and as packages: see doc/packaging.md.
check-cross check-packages:
	@MAKE='$(MAKE)' MACHINES='$(MACHINES)' CHECK_SOURCE='$(CHECK_SOURCE)' PARTS='$(PARTS)' bash tests/$(@:check-%=%).sh

abi-baseline: $(shared)
	CC='$(CC)' bash tests/abi/baseline.sh write $(shared)

# The comments of the headers as HTML. Whatever doxygen prints is an error.
reference_headers = $(filter %.h,$(headers))
reference:
	@command -v doxygen >/dev/null || { echo 'make reference needs doxygen (Debian: apt install doxygen)' >&2; exit 1; }
	@rm -rf $(BUILD)/reference
	@mkdir -p $(BUILD)/reference
	@sed -e 's|@version@|$(VERSION)|' -e 's|@out@|$(BUILD)/reference|' -e 's|@headers@|$(reference_headers)|' \
	   doc/reference/Doxyfile.in >$(BUILD)/reference/Doxyfile
	$(call say,DOXYGEN,$(BUILD)/reference/html)doxygen $(BUILD)/reference/Doxyfile >$(BUILD)/reference/log 2>&1; \
	   status=$$?; cat $(BUILD)/reference/log >&2; [ $$status -eq 0 ] && [ ! -s $(BUILD)/reference/log ]

# The published network with made-up weights, written by a process of its own so that it counts in nobody's memory.
full_model := $(BUILD)/tests/bench/full.safetensors
$(full_model): | $(BUILD)/tests/bench/bench_net
	$(call say,WRITE,$@)$| --write $@

# The same as bytes, calibrated with the one photograph that comes with the source: good for speed, not for labels.
full_bytes := $(BUILD)/tests/bench/full_bytes.safetensors
$(full_bytes): $(full_model) | $(BUILD)/bin/dmlcsr-convert
	$(call say,WRITE,$@)$| --dtype i8 --calibrate examples/demo.jpg $< $@ >/dev/null

# tests/bench/compare_train.sh runs the last two beside PyTorch, where that is installed.
bench_train_runs = bench_back 'bench_train --blocks 3,4,6,3 --divide 4 --size 256 --batch 8 --threads 2 --steps 5' \
                   'bench_train --blocks 3,4,23,3 --divide 1 --size 193 --batch 2 --threads 2 --steps 5'
bench_json := $(BUILD)/tests/bench/out
# Short passes, and enough of them for a 99th percentile.
bench_default = --runs 200 --json $(bench_json)/networks.json
bench_full = --size 473 --runs 5 --json $(bench_json)/networks.json
bench_layers = $(foreach precision,fp32 bf16 int8,$(foreach threads,1 2,\
                 'bench --precision $(precision) --threads $(threads) --json $(bench_json)/layers-$(precision)-$(threads).json')) \
               $(foreach isa,$(filter avx2 sse41,$(isas)),\
                 'bench --isa $(isa) --threads 1 --runs 2 --json $(bench_json)/layers-fp32-1-$(isa).json')
bench_runs = $(bench_layers) \
             'bench_net --precision fp32 $(bench_default)' \
             'bench_net --precision fp32 --pack 1 $(bench_default)' \
             'bench_net --precision bf16 $(bench_default)' \
             'bench_net --model $(full_model) --precision fp32 $(bench_full)' \
             'bench_net --model $(full_model) --precision bf16 $(bench_full)' \
             $(if $(filter yes,$(TOOLS)),'bench_net --model $(full_bytes) --precision int8 $(bench_full)') \
             $(call if_training,$(bench_train_runs))
bench: all $(benches) $(programs_kernels) $(full_model) $(if $(filter yes,$(TOOLS)),$(full_bytes))
	@rm -rf $(bench_json) && mkdir -p $(bench_json)
	@for run in $(bench_runs); do echo "== $$run"; $(BUILD)/tests/bench/$$run || [ $$? = 77 ] || exit 1; done
	@echo '== kernelcheck --bench'; $(programs_kernels) --bench
	@echo 'numbers as JSON: $(bench_json)'

fuzz: FUZZ_CC ?= clang
fuzz:
	@command -v $(FUZZ_CC) >/dev/null || { echo 'make fuzz needs clang with libFuzzer' >&2; exit 1; }
	$(MAKE) BUILD=$(BUILD)/fuzz CC=$(FUZZ_CC) CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined' KERNEL_CFLAGS= \
		CONV_CFLAGS=-fno-sanitize=all \
		$(fuzz_names:%=$(BUILD)/fuzz/fuzz_%)

# Only meaningful in the inner make of `fuzz`.
$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(test_libraries)
	$(call say,LINK,$@)$(link_test) -fsanitize=fuzzer -lm

# ---- install ----------------------------------------------------------------------------------------------------------

INSTALL = install
man_pages := $(filter-out $(call unless_training,%/dmlcsr-train.1 %/dmlcsr-train.3),$(wildcard doc/man/*.1) $(wildcard doc/man/*.3))
data_files := $(if $(filter yes,$(MODELS)),$(wildcard weights/dmlcsr-*.safetensors) $(wildcard weights/MANIFEST)) \
              $(wildcard weights/*.classes) $(wildcard examples/*.classes)
root = $(DESTDIR)
cmakedir = $(libdir)/cmake/dmlcsr

install: install-lib install-tools

install-lib: lib $(pc_files) $(cmake_files)
	$(INSTALL) -d $(root)$(includedir)/dmlcsr $(root)$(libdir)/pkgconfig $(root)$(cmakedir) $(root)$(pkgdatadir) $(root)$(mandir)/man1 $(root)$(mandir)/man3
	$(INSTALL) -m 644 $(headers) $(root)$(includedir)/dmlcsr
	$(INSTALL) -m 644 $(static) $(call if_training,$(train_static)) $(root)$(libdir)
	$(INSTALL) -m 755 $(shared) $(call if_training,$(train_shared)) $(root)$(libdir)
	ln -sf $(so_file) $(root)$(libdir)/$(so_name)
	ln -sf $(so_name) $(root)$(libdir)/$(so_link)
	$(call if_training,ln -sf $(notdir $(train_shared)) $(root)$(libdir)/$(call train_of,$(so_name)))
	$(call if_training,ln -sf $(call train_of,$(so_name)) $(root)$(libdir)/$(call train_of,$(so_link)))
	$(INSTALL) -m 644 $(pc_files) $(root)$(libdir)/pkgconfig
	$(INSTALL) -m 644 $(cmake_files) $(root)$(cmakedir)
	$(if $(strip $(data_files)),$(INSTALL) -m 644 $(data_files) $(root)$(pkgdatadir))
	for page in $(man_pages); do $(INSTALL) -m 644 $$page $(root)$(mandir)/man$${page##*.}/ || exit 1; done

install-tools: tools
	$(INSTALL) -d $(root)$(bindir)
	for tool in $(tools); do $(INSTALL) -m 755 $$tool $(root)$(bindir)/ || exit 1; done

uninstall:
	rm -f $(headers:include/dmlcsr/%=$(root)$(includedir)/dmlcsr/%)
	rm -f $(foreach file,libdmlcsr.a $(so_file) $(so_name) $(so_link),$(root)$(libdir)/$(file) $(root)$(libdir)/$(call train_of,$(file)))
	rm -f $(root)$(libdir)/pkgconfig/dmlcsr.pc $(root)$(libdir)/pkgconfig/dmlcsr-train.pc $(addprefix $(root)$(pkgdatadir)/,$(notdir $(data_files)))
	rm -f $(cmake_files:$(BUILD)/%=$(root)$(cmakedir)/%)
	rm -f $(tool_names:%=$(root)$(bindir)/%)
	rm -f $(foreach page,$(man_pages),$(root)$(mandir)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
	-rmdir $(root)$(includedir)/dmlcsr $(root)$(cmakedir) $(root)$(pkgdatadir)

# ---- the rest ---------------------------------------------------------------------------------------------------------

clean:
	rm -rf $(BUILD) demo-out

distclean: clean
	rm -rf config.mk config.log config.status autom4te.cache

# What git knows (committed or not) where there is git, else all that is not built; and configure, so that a user needs
# no autoconf. Without debian/, which comes with a Debian source package.
dist_name  := libdmlcsr-$(VERSION)
dist_prune := -path ./.git -o -path ./$(BUILD) -o -path ./build -o -path ./autom4te.cache -o -path ./demo-out
# The same sources give the same archive: all times are that of the last commit, or SOURCE_DATE_EPOCH.
dist_time = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null || stat -c %Y include/dmlcsr/version.h))
dist:
	@if [ ! -f configure ] || [ configure.ac -nt configure ]; then autoconf; fi
	@mkdir -p $(BUILD)
	@rm -rf $(BUILD)/$(dist_name)
	@mkdir $(BUILD)/$(dist_name)
	@{ git ls-files -co --exclude-standard 2>/dev/null | grep . || \
	   find . \( $(dist_prune) \) -prune -o -type f ! -name config.mk ! -name config.log ! -name config.status \
	        -print | sed 's|^\./||'; } >$(BUILD)/files
	@echo configure >>$(BUILD)/files
	@sort -u $(BUILD)/files | grep -v '^debian/' | while read -r file; do [ -f "$$file" ] && echo "$$file"; done | \
	   tar -cf - -T - | tar -xf - -C $(BUILD)/$(dist_name)
	@tar -cf - --sort=name --mtime=@$(dist_time) --owner=0 --group=0 --numeric-owner --mode=u+rwX,go=rX --format=ustar \
	   -C $(BUILD) $(dist_name) | gzip -9n >$(BUILD)/$(dist_name).tar.gz
	@rm -rf $(BUILD)/$(dist_name) $(BUILD)/files
	@echo $(BUILD)/$(dist_name).tar.gz

FORCE:

-include $(wildcard $(BUILD)/double/libdmlcsr/*/*.d $(BUILD)/libdmlcsr/*.d $(BUILD)/libdmlcsr/*/*.d $(BUILD)/examples/*.d $(BUILD)/tests/*/*.d $(BUILD)/tests/*/cases/*.d)
