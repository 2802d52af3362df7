# The build tree shows the source folders as users see the installed headers: <manta/FOLDER/file.h>,
# <manta/manta.h>. Symbolic links, so that a new header is there at once.

set(MANTA_LAYERS base serialization rpc objectstore scheduler runtime)

set(MANTA_INCLUDE_DIR ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${MANTA_INCLUDE_DIR}/manta)
foreach(folder IN LISTS MANTA_LAYERS ITEMS cli)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${folder} ${MANTA_INCLUDE_DIR}/manta/${folder} SYMBOLIC)
endforeach()
foreach(header manta.h asio.h)  # the links may dangle until the headers exist
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/runtime/${header} ${MANTA_INCLUDE_DIR}/manta/${header}
    SYMBOLIC)
endforeach()
