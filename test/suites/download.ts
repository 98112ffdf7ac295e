/** Alone, since it counts the open files of its process. */
import '../routes/download.test.ts'
