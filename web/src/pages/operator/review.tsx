import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { App, Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { onVersion, useDecision } from '../../kit/decide'
import { Await, Page } from '../../kit/page'
import { State, useText } from '../../kit/show'

type Flat = [pointer: string, value: string][]

/** A listing as rows of pointer and value. */
export function flatten(value: unknown, at = ''): Flat {
  if (value === null || value === undefined || value === '') return []
  if (typeof value !== 'object') return [[at, String(value)]]
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, `${at}/${key}`))
}

type Marks = Record<string, string>

function Row({
  pointer,
  value,
  old,
  mark,
  setMark,
  open,
}: {
  pointer: string
  value: string
  old?: string
  mark?: string
  setMark: (text?: string) => void
  open: boolean
}) {
  const { t } = useTranslation()
  const changed = old !== undefined && old !== value
  return (
    <tr className={mark !== undefined ? 'mark-field' : changed ? 'changed' : undefined}>
      <td className="mono" style={{ verticalAlign: 'top', padding: 8 }}>
        {pointer}
      </td>
      <td style={{ padding: 8, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {value}
        {changed && (
          <div className="dim">
            {t('review.before')} {old || '–'}
          </div>
        )}
        {mark !== undefined && (
          <Input.TextArea
            autoFocus
            aria-label={t('review.why')}
            placeholder={t('review.why')}
            value={mark}
            disabled={!open}
            onChange={(e) => setMark(e.target.value)}
            autoSize
          />
        )}
      </td>
      <td style={{ padding: 8, verticalAlign: 'top' }}>
        {open && (
          <Button size="small" onClick={() => setMark(mark === undefined ? '' : undefined)}>
            {mark === undefined ? t('review.mark') : t('review.unmark')}
          </Button>
        )}
      </td>
    </tr>
  )
}

function Review({ detail }: { detail: Schemas['ApplicationDetail'] }) {
  const { t } = useTranslation()
  const text = useText()
  const { message } = App.useApp()
  const { application, revision, on_sale } = detail
  const open = application.state === 'in_review'
  const [marks, setMarks] = useState<Marks>(revision.marks)
  const [reason, setReason] = useState(application.reason ?? '')
  const { ask } = useDecision()
  const path = { params: { path: { id: application.id }, header: onVersion(application) } }
  const about: [string, string][] = [
    [t('field.product'), text(application.product_name)],
    [t('field.seller'), application.seller],
    [t('reviews.revision'), String(application.revision)],
  ]
  const approve = useAction(
    () => unwrap(api.POST('/api/v1/operator/applications/{id}/approve', path)),
    undefined,
    t('review.approved'),
  )
  const reject = useAction(
    () =>
      unwrap(
        api.POST('/api/v1/operator/applications/{id}/reject', {
          ...path,
          body: { reason, marks: Object.fromEntries(Object.entries(marks).filter(([, why]) => why.trim())) },
        }),
      ),
    undefined,
    t('review.rejected'),
  )
  const old = on_sale ? new Map(flatten(on_sale.listing)) : undefined
  const rows = flatten(revision.listing)
  const set = (pointer: string, why?: string) =>
    setMarks((m) => {
      const next = { ...m }
      if (why === undefined) delete next[pointer]
      else next[pointer] = why
      return next
    })
  const marked = Object.values(marks).filter((why) => why.trim()).length
  const send = () =>
    reason.trim()
      ? ask(
          {
            title: t('review.reject_title'),
            about: [...about, [t('review.reason'), reason], [t('review.marks'), String(marked)]],
            ok: t('review.reject'),
            danger: true,
          },
          () => reject.mutateAsync(undefined),
        )
      : message.warning(t('review.reason_missing'))
  const pass = () =>
    ask({ title: t('review.approve_title'), about, sure: t('review.approve_sure'), ok: t('review.approve') }, () =>
      approve.mutateAsync(undefined),
    )
  return (
    <Page
      title={text(application.product_name)}
      above={<Link to="/operator/reviews">{t('nav.reviews')}</Link>}
      purpose={`${application.seller} · ${t('reviews.revision')} ${application.revision}`}
      actions={
        <>
          <State of={application.state} />
          <Link to="/previews/$id" params={{ id: application.id } as never} className="button">
            {t('editor.preview')}
          </Link>
          {open && (
            <>
              <Button danger loading={reject.isPending} onClick={send}>
                {t('review.reject')}
              </Button>
              <Button type="primary" loading={approve.isPending} onClick={pass}>
                {t('review.approve')}
              </Button>
            </>
          )}
        </>
      }
    >
      <div className="stack">
        <div className="panel" style={{ padding: 24 }}>
          <label className="muted" htmlFor="reason">
            {t('review.reason')}
          </label>
          <Input.TextArea
            id="reason"
            value={reason}
            disabled={!open}
            maxLength={1000}
            onChange={(e) => setReason(e.target.value)}
            autoSize={{ minRows: 2 }}
          />
        </div>
        <div
          className="panel"
          style={{ padding: 16, overflowX: 'auto' }}
          tabIndex={0}
          role="region"
          aria-label={t('review.changes')}
        >
          <table style={{ width: '100%', borderCollapse: 'collapse' }}>
            <thead>
              <tr>
                <th align="left">{t('review.field')}</th>
                <th align="left">{t('review.value')}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {rows.map(([pointer, value]) => (
                <Row
                  key={pointer}
                  pointer={pointer}
                  value={value}
                  old={old ? (old.get(pointer) ?? '') : undefined}
                  mark={marks[pointer]}
                  setMark={(why) => set(pointer, why)}
                  open={open}
                />
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </Page>
  )
}

/** One application: old and new side by side, a mark on each wrong field, the decision. */
export function ReviewPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const query = useQuery({
    queryKey: ['review', id],
    queryFn: () => unwrap(api.GET('/api/v1/applications/{id}', { params: { path: { id } } })),
  })
  return (
    <Await query={query}>{(d) => <Review key={`${d.application.state} ${d.application.version}`} detail={d} />}</Await>
  )
}
